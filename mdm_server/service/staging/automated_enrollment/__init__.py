"""Automated Device Enrollment: a device from Apple Business Manager asks for its enrolment profile in Setup Assistant.

`describing` finds out which device it is, `entrance` takes it through the wizard, and two doors lead there: `door` asks
its person by HTTP's Basic scheme, `web_sign_in` on a page (`page`).
"""
