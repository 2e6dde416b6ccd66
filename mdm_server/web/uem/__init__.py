"""The REST API in the shape of Workspace ONE UEM's, under `/api/mdm/…` and `/api/system/…`, beside our own `/api/v1`.

Programs written for Workspace ONE UEM administer this server unchanged. What the vendor documents, or what its clients
were seen to rely on, is kept to the letter, inconsistencies included: V1 speaks PascalCase with wrapped identifiers,
V2 camelCase, enrolment tokens snake_case. What nobody documents is ours, and said to be ours where it is decided.

    calls           one call: what is asked, what is answered, and the table in which calls are declared
    addresses       from a path to a call: whatever the case, the trailing slash, and the place of the version
    documents       bodies: JSON or a form, whatever their header says, their keys in any spelling
    spelling        answers: our records in the vendor's words
    errors          refusals as `{"errorCode", "message", "activityId"}`
    access          who may call: Basic with `aw-tenant-code`, or a bearer token of `/connect/token`
    endpoint        the way from an HTTP request to a call and back
    subjects        the calls themselves
"""
