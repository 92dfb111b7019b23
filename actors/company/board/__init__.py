"""A blackboard: values under typed keys, which agents share by messages to the actor that keeps them."""
