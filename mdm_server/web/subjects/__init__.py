"""What the REST API is about, one subject a module: typed functions over the service room, with no HTTP in them."""

from __future__ import annotations

from mdm_server.web.subjects.abm import abm
from mdm_server.web.subjects.androids import androids
from mdm_server.web.subjects.commands import commands
from mdm_server.web.subjects.devices import devices
from mdm_server.web.subjects.enrollment_program import enrollment_program
from mdm_server.web.subjects.enrolment import enrolment
from mdm_server.web.subjects.journal import journal
from mdm_server.web.subjects.people import people
from mdm_server.web.subjects.profiles import profiles
from mdm_server.web.subjects.server import server
from mdm_server.web.subjects.staging import staging

SUBJECTS = (devices, commands, people, staging, enrollment_program, abm, androids, profiles, enrolment, journal, server)
"""In the order in which the docs page shows them."""
