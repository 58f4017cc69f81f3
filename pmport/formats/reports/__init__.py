"""What phones and distributions say of themselves, as text."""
