"""What an analyst looks at across schools; the audit; retention."""
