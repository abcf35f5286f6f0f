import type { Link } from './messages.ts'
import { generalText } from '../text/general.ts'

export const linkWords: Readonly<Record<Link['state'], readonly [word: string, tone: string]>> = {
  idle: [generalText.connecting, 'dim'],
  connecting: [generalText.connecting, 'dim'],
  live: [generalText.liveInText, 'good'],
  waiting: [generalText.reconnecting, 'warning'],
  refused: [generalText.rejected, 'bad'],
}
