import TendCLI
import TendFiles

await TendCommand.main { [FileProvider()] }
