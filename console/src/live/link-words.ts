import type { Link } from './messages.ts'

/** How the stream is doing, in a word and its tone. */
export const linkWords: Readonly<Record<Link['state'], readonly [word: string, tone: string]>> = {
  idle: ['connecting', 'dim'],
  connecting: ['connecting', 'dim'],
  live: ['live', 'good'],
  waiting: ['reconnecting', 'warning'],
  refused: ['refused', 'bad'],
}
