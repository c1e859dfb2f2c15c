"""What happens to a call, as text that people edit: read it, check it, try it, publish it, draw it."""
