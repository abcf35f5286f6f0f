import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ExporterRecipes } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { asApiError } from '../../api/problem.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Pending } from '../../parts/states.tsx'
import { homeText } from './text.ts'
import { eventsText } from '../../parts/events/text.ts'

type HowProps = Readonly<{
  how: string
  collector: string
  onHow: (how: string) => void
  onCollector: (collector: string) => void
}>

type Recipe = Readonly<{
  name: string
  title: string
  lines: readonly string[]
}>

function others(): readonly Recipe[] {
  return [
    {
      name: 'cloudevents',
      title: homeText.cloudEventsHint,
      lines: eventsText.postCommand(location.origin).split('\n'),
    },
    {
      name: 'sink',
      title: homeText.sinkHint,
      lines: [
        'sinks:',
        '  bus:',
        '    type: nats',
        '    url: nats://nats.example:4222',
        '    subject: weir.{family}.{type}',
        '  partner:',
        '    type: http',
        '    url: https://partner.example/events',
        '# then: kill -HUP, or POST /api/v1/reload',
      ],
    },
  ]
}

export function SetupGuide({ how, collector, onHow, onCollector }: HowProps): React.ReactNode {
  const query = useQuery({
    queryKey: ['recipes', collector],
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<ExporterRecipes>('/api/v1/exporters/recipes', { signal, query: { collector } }),
  })
  const { data } = query
  const [typed, setTyped] = useState(collector)
  if (data === undefined) return <Pending of={query} what={homeText.examples} />
  const all: readonly Recipe[] = [...data.recipes, ...others()]
  const recipe = all.find(({ name }) => name === how) ?? all[0]
  const isExporter = data.recipes.includes(recipe!)
  return (
    <>
      <div className="how-bar">
        <label>
          {homeText.connect}{' '}
          <select value={recipe?.name} onChange={(event) => onHow(event.target.value)}>
            {all.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {isExporter && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              onCollector(typed.trim())
            }}
          >
            <label>
              {homeText.addressOfThisServer}{' '}
              <input
                value={typed}
                placeholder={data.collector}
                size={18}
                spellCheck={false}
                onChange={(event) => setTyped(event.target.value)}
                onBlur={() => onCollector(typed.trim())}
              />
            </label>
          </form>
        )}
      </div>
      {query.isError && (
        <p className="bad" role="alert">
          {asApiError(query.error).status === 400 ? homeText.invalidAddress : asApiError(query.error).message}
        </p>
      )}
      {isExporter && /^(?:127\.|localhost|::1)/.test(data.collector) && (
        <p className="dim">{homeText.localOnly(data.collector)}</p>
      )}
      {recipe !== undefined && <Commands key={recipe.name} lines={recipe.lines} title={recipe.title} />}
    </>
  )
}

function Commands({ lines, title }: { lines: readonly string[]; title: string }) {
  const text = lines.join('\n')
  return (
    <div className="commands">
      <pre aria-label={title} tabIndex={0}>
        {text}
      </pre>
      <p>
        <CopyButton text={text} />
      </p>
    </div>
  )
}
