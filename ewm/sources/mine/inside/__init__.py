"""Text of what runs a folder's tests inside the isolation. It is sent there; nothing here is imported by the rest."""
