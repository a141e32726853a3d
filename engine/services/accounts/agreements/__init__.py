"""What people agreed to, and the sealed links by which they change their mind."""
