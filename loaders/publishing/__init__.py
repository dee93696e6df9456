"""Publishing: a finished release is sent into a store elsewhere, verified there, and then shown at once.

`target` says what a store must be able to do, `content` what is sent, `publish` in which order; each kind of store is
one module more.
"""
