"""From realized objects to what each node is to have. Pure: nothing in here touches the system."""
