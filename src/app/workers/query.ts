/** A query process: started by the store worker, or by `weir query` on a folder, and ended with it. */
import { parentChannel } from '../../host/child.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { answerOrders } from '../../store/process/child.ts'

const channel = parentChannel()
const host = realHost()
// It is ended by a signal, which would lose what was compiled.
host.timers.after(1000, () => self.keepCompiled())
await answerOrders({ host, channel, pid: self.pid, ownBytes: () => self.ownBytes() })
// The other side reads what is still on its way, and sees the end.
channel.end(() => self.exit(0))
