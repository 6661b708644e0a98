// Linked for its malloc(3): an agent takes and frees small blocks for years, and jemalloc leaves
// few holes between them.
import CJemalloc
