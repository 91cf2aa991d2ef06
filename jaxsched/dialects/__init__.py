"""Other systems' schedules under their own names, arguments and conventions, one file a system.

Each returns schedules of this package, and none imports the library whose names it speaks.
"""

from jaxsched.dialects import kumo as kumo
from jaxsched.dialects import lr_schedule as lr_schedule
from jaxsched.dialects import noether as noether
