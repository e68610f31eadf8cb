"""`make preview | up | destroy`: the plain pulumi commands, checked before and explained after.

Nothing here is needed to deploy: `pulumi preview`, `pulumi up` and `pulumi destroy` do the same.
"""
