"""The steps that a database has taken since the first version; `service.schema` runs them."""
