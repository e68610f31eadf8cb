"""`make doctor`: what would be refused on the way up, told before anything is made.

Every check asks its own question, has a time limit, and runs beside the others. One that cannot be
made, because the account may not ask, is a warning: it never stops anybody.
"""
