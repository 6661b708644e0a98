import CJemalloc
import TendCLI
import TendFiles
import TendHTTP
import TendProcesses

// An agent takes and frees small blocks for years; jemalloc(3) leaves few holes between them. Its
// own thread gives back what is free, also while nothing is done.
var isOn = true
mallctl("background_thread", nil, nil, &isOn, MemoryLayout<Bool>.size)

await TendCommand.main { [FileProvider(), ProcessProvider(), HTTPProvider()] }
