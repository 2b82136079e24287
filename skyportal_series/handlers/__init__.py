"""Request handlers: token → user, request → schema, call, answer. No SQL, no files, no maths."""
