"""Float64 reference implementations, written apart from jaxsched and without JAX."""
