import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import type { ApiDescription } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { useMe } from '../../api/queries.ts'
import { SingleKeys } from '../../app/key-list.tsx'
import { logOut } from '../../app/log-in.ts'
import { openKeys } from '../../app/overlays.ts'
import { useTitle } from '../../app/use-title.ts'
import { DocLink } from '../../parts/links/doc-link.tsx'
import { Pending, QueryError, UnreadNotice } from '../../parts/states.tsx'
import { density, theme, timeZone, usePreference, type Preference } from '../../state/preferences.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { settingsCodec } from './state.ts'
import './settings.css'
import { offsetText } from '../../state/time-zone.ts'
import { timeText } from '../../text/time.ts'
import { settingsText } from './text.ts'
import { generalText } from '../../text/general.ts'

export default function SettingsPage(): React.ReactNode {
  useTitle(settingsText.settings)
  const { unread, set } = usePageState(settingsCodec)
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{settingsText.settings}</h1>
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-scroll settings" tabIndex={0} role="region" aria-label={settingsText.settings}>
        <section className="panel" aria-label={settingsText.thisBrowser}>
          <h2>{settingsText.thisBrowser}</h2>
          <p className="dim">{settingsText.browserHint}</p>
          <Choice
            label={settingsText.theme}
            of={theme}
            words={{ system: settingsText.sameAsSystem, light: settingsText.light, dark: settingsText.dark }}
          />
          <Choice
            label={settingsText.rowDensity}
            of={density}
            words={{ compact: settingsText.compact, normal: settingsText.normal, large: settingsText.large }}
          />
          <Choice
            label={timeText.zone}
            of={timeZone}
            words={{ local: timeText.local(offsetText()), utc: timeText.utc }}
          />
          <div className="choice">
            <span>{settingsText.keys}</span>
            <div>
              <SingleKeys />
              <button type="button" onClick={openKeys}>
                {settingsText.allKeys}
              </button>
            </div>
          </div>
        </section>
        <Who />
        <About />
      </div>
    </div>
  )
}

function Choice<T extends string>({
  label,
  of,
  words,
}: {
  label: string
  of: Preference<T>
  words: Readonly<Record<T, string>>
}) {
  const chosen = usePreference(of)
  const id = useId()
  return (
    <div className="choice">
      <span id={id}>{label}</span>
      <div role="group" aria-labelledby={id} className="choices">
        {(Object.keys(words) as T[]).map((value) => (
          <button key={value} type="button" aria-pressed={value === chosen} onClick={() => of.set(value)}>
            {words[value]}
          </button>
        ))}
      </div>
    </div>
  )
}

const ways = {
  none: settingsText.noLogin,
  token: settingsText.tokenLogin,
  oidc: settingsText.providerLogin,
} as const

function Who() {
  const query = useMe()
  const { data: me } = query
  return (
    <section className="panel" aria-label={settingsText.yourAccount}>
      <h2>{settingsText.yourAccount}</h2>
      {me === undefined ? (
        <Pending of={query} what={generalText.yourAccount} />
      ) : (
        <>
          <dl className="facts">
            <dt>{generalText.name}</dt>
            <dd>{me.name}</dd>
            <dt>{settingsText.role}</dt>
            <dd>{me.role === 'admin' ? settingsText.adminRole : settingsText.viewerRole}</dd>
            <dt>{settingsText.namespaces}</dt>
            <dd>
              {me.namespaces === null
                ? settingsText.all
                : me.namespaces.length === 0
                  ? generalText.none
                  : me.namespaces.join(', ')}
            </dd>
            <dt>{settingsText.signIn}</dt>
            <dd>{ways[me.login]}</dd>
          </dl>
          {me.login === 'none' ? (
            <p className="dim">
              {settingsText.rolesAreDefinedIn} <code>{settingsText.auth}</code> {settingsText.inConfiguration}
            </p>
          ) : (
            <p>
              <button
                type="button"
                onClick={() => {
                  logOut().catch(reportError)
                }}
              >
                {settingsText.signOut}
              </button>
            </p>
          )}
        </>
      )}
    </section>
  )
}

function About() {
  const query = useQuery({
    queryKey: ['openapi'],
    staleTime: 10_000,
    queryFn: ({ signal }) => request<ApiDescription>('/api/v1/openapi.json', { signal }),
  })
  const { data } = query
  return (
    <section className="panel" aria-label={settingsText.thisWeir}>
      <h2>{settingsText.thisWeir}</h2>
      {query.isError ? (
        <QueryError of={query} />
      ) : (
        <dl className="facts">
          <dt>{settingsText.version}</dt>
          <dd>{data?.info.version ?? settingsText.pending}</dd>
          <dt>{settingsText.api}</dt>
          <dd>
            <a href="/api/v1/openapi.json">{settingsText.apiDescription}</a> {settingsText.openApi}
          </dd>
          <dt>{settingsText.guide}</dt>
          <dd>
            <DocLink page="guide/console">{settingsText.consoleGuide}</DocLink>,{' '}
            <DocLink page="guide/queries">{settingsText.queriesGuide}</DocLink>,{' '}
            <DocLink page="guide/configuration">{settingsText.configurationGuide}</DocLink>
          </dd>
        </dl>
      )}
    </section>
  )
}
