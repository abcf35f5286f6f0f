type StreamEvent = Readonly<{
  event: string
  id: string
  data: string
}>

export class EventCutter {
  #rest = ''

  take(piece: string): StreamEvent[] {
    const blocks = (this.#rest + piece).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    return blocks.map(eventOf).filter(({ data }) => data !== '')
  }
}

function eventOf(block: string): StreamEvent {
  const event = { event: '', id: '', data: '' }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ')
    const name = line.slice(0, colon)
    if (name === 'event' || name === 'id' || name === 'data') event[name] = line.slice(colon + 2)
  }
  return event
}
