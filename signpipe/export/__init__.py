"""A recogniser to where there is no Python: one ONNX file, a page that runs in a browser."""
