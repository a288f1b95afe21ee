"""A domain file held against its manager: what is there, equal, realized and reached. Pure: values in, findings out."""
