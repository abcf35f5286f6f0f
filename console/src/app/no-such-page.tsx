import { EmptyState } from '../parts/states.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

export function NoSuchPage(): React.ReactNode {
  return (
    <EmptyState title={appText.pageNotFound} action={{ text: generalText.goToFlows, to: '/flows' }}>
      {appText.noPageAt} <code>{location.pathname}</code>
      {appText.noPageHint}
    </EmptyState>
  )
}
