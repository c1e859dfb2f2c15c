"""What can be wrong with a dialplan: a rule is `(Checked) -> Iterator[Finding]`; `ivr.dialplan.check` lists them."""
