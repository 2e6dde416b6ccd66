"""The console: the pages at `/console` that a person looks at, and the forms by which a person administers the server.

Plain pages and forms, without a script: what a browser may do with them is said in one strict policy (`pages`), who may
send a form in one place (`visits`). Nothing is loaded from elsewhere.
"""
