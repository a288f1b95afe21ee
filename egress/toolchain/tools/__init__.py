"""What the main job needs and does not bring itself: engine, provider, Node."""
