"""What the notebooks stand on besides mytorch_core: pictures, data, training and checks."""
