"""The calls themselves, one subject a module: functions over the service room, with no HTTP in them."""

from __future__ import annotations

from mdm_server.web.uem.subjects.enrollment_program import enrollment_program
from mdm_server.web.uem.subjects.environment import environment

UEM_SUBJECTS = (enrollment_program, environment)
