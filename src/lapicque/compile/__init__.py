"""From equations to code: schemes, the step as data, the interpreter that defines it, and compiled kernels."""
