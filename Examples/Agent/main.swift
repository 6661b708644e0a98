import TendCLI
import TendFiles
import TendHTTP
import TendProcesses

await TendCommand.main { [FileProvider(), ProcessProvider(), HTTPProvider()] }
