"""The calls themselves, one subject a module: functions over the service room, with no HTTP in them."""

from __future__ import annotations

from mdm_server.web.uem.subjects.device_commands import device_commands
from mdm_server.web.uem.subjects.device_wipes import device_wipes
from mdm_server.web.uem.subjects.devices import devices
from mdm_server.web.uem.subjects.enrollment_program import enrollment_program
from mdm_server.web.uem.subjects.enrollment_settings import enrollment_settings
from mdm_server.web.uem.subjects.enrollment_tokens import enrollment_tokens
from mdm_server.web.uem.subjects.environment import environment
from mdm_server.web.uem.subjects.groups import groups
from mdm_server.web.uem.subjects.registrations import registrations
from mdm_server.web.uem.subjects.staging_packages import staging_packages
from mdm_server.web.uem.subjects.users import users

UEM_SUBJECTS = (
    environment,
    groups,
    users,
    registrations,
    enrollment_tokens,
    devices,
    device_commands,
    device_wipes,
    enrollment_settings,
    enrollment_program,
    staging_packages,
)
