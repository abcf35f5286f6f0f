import type { Host } from '../../host/index.ts'
import { openReader } from '../../journal/reader.ts'
import type { Frame, Tail } from '../../journal/types.ts'
import type { Position } from '../../model/positions.ts'
import type { Replay } from '../contracts.ts'

const readBytes = 8 * 1024 * 1024

type SourceReplayOptions = Readonly<{
  host: Host
  directory: string
  tail: Tail
  hold(source: string, sequence: number): Promise<void>
}>

export function sourceReplay(source: string, options: SourceReplayOptions): Replay {
  return {
    async *after(position: Position): AsyncGenerator<Frame> {
      const { host, directory, tail } = options
      const reader = openReader({ host, directory, after: position, tail })
      try {
        for (let frames = await reader.ready(readBytes); frames.length > 0; frames = await reader.ready(readBytes)) {
          for (const frame of frames) if (frame.header.source === source) yield frame
        }
      } finally {
        await reader.close()
      }
    },
    hold: (sequence) => options.hold(source, sequence),
  }
}
