"""The socket to the open pages; here it remembers what was pushed."""

PUSHED = []


class Flow:
    def push(self, user_id, action_type, payload=None):
        PUSHED.append((user_id, action_type, payload))
