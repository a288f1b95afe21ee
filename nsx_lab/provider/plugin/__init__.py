"""How engines reach the provider: installed from a mirror, started by them, or running already."""
