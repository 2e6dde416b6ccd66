"""Our MDM server as a customer of Apple Business Manager: tokens, synchronisation, and profiles assigned by rule."""
