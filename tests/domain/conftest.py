"""Wide inputs without a time limit an example: the machine may be busy, and time is not what these tests are about."""

from hypothesis import settings

settings.register_profile("proca", deadline=None)
settings.load_profile("proca")
