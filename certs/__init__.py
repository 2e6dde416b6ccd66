"""The locksmith: keys, certificates, CMS and SCEP messages. Knows ASN.1; knows no MDM word and no HTTP."""
