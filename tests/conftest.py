"""For all tests: no time limit for a property's single example, which a busy machine would break."""

from hypothesis import settings

settings.register_profile("ewm", deadline=None)
settings.load_profile("ewm")
