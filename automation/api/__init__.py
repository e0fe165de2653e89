"""Rules by the API: groups, rules, versions, and what each would touch."""
