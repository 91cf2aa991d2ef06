"""Pictures of schedules: in a notebook, with matplotlib, and of what a sweep found out."""

from jaxsched.pictures import svg as svg  # it gives notebooks their pictures
