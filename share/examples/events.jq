# SPDX-License-Identifier: GPL-2.0-or-later
# For cxlvfio monitor --json | jq -r --unbuffered -f events.jq: a line for each event, of every kind.
if .event == "snapshot" and .host == null then "there is no endpoint"
elif .event == "snapshot" then "\(.host) is \(.after.state)"
elif .event == "appeared" then "\(.host) appeared, \(.after.size // 0) bytes"
elif .event == "gone" then "\(.host) is gone"
elif .event == "bound" then "\(.host) is bound to \(.after.driver)"
elif .event == "unbound" then "\(.host) was unbound from \(.before.driver)"
elif .event == "opened" then "\(.host) is open: \([.after.vfio.opened_by[]?.command] | join(", "))"
elif .event == "closed" then "\(.host) is closed"
elif .event == "state" then "\(.host) changed: \(.after | keys | join(", "))"
elif .event == "finding_began" then "\(.host) has \(.finding.severity) \(.finding.id)"
elif .event == "finding_ended" then "\(.host) no longer has \(.finding.id)"
elif .event == "error" then "\(.host) has errors: \(.message)"
elif .event == "lost_events" then "events were lost"
else "\(.event)?" end
