"""What runs a network: onnxruntime, or the TensorFlow inside essentia."""
