import { parentChannel } from '../../host/child.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { serveCommands } from '../../store/process/child.ts'

const channel = parentChannel()
const host = realHost()
// A killed process would lose the compile cache.
host.timers.after(1000, () => self.keepCompiled())
await serveCommands({ host, channel, pid: self.pid, ownBytes: () => self.ownBytes() })
// The channel sends pending output first, then its end.
channel.end(() => self.exit(0))
