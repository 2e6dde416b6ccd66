"""The device enrolment API of Apple Business Manager: what every MDM server calls, ours or anyone's."""
