import TendCLI
import TendFiles
import TendProcesses

await TendCommand.main { [FileProvider(), ProcessProvider()] }
