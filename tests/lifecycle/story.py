"""What people might write into a ledger, one entry after another."""

from tagline.keys import public_hex
from tagline.lifecycle.entry import Approval, Challenger, Change, Deployment, Draft, Standing

GATES = ({"name": "log loss", "passed": True, "figure": 0.4715, "limit": None},)


def bundle(run):
    return run.encode().hex().ljust(64, "0")[:64]


def stands(state):
    return state.standing if state else Standing()


def number(state):
    return state.number + 1 if state else 1


def without(standing, run):
    return Standing(
        champion=standing.champion,
        challengers=tuple(each for each in standing.challengers if each.run != run),
        approvals={name: given for name, given in standing.approvals.items() if name != run},
    )


def role(standing, run):
    if standing.champion and standing.champion.run == run:
        return "champion"
    return "challenger" if run in {each.run for each in standing.challengers} else "candidate"


def draft(act, run, case, **own):
    said = {"act": act, "run": run, "bundle": bundle(run), "who": "Ada", "why": "It is better."}
    return Draft(case=case, **said | own)


def promote(state, run, *, case="flights", act="promote", first=None, was=None):
    now = stands(state)
    at = number(state)
    live = Deployment(run=run, bundle=bundle(run), number=first or at, since=at, act=act)
    changes = [change(run, was or role(now, run), "champion")]
    if now.champion:
        changes.append(change(now.champion.run, "champion", "retired"))
    return draft(
        act,
        run,
        case,
        changes=tuple(changes),
        gates=GATES,
        approvals=now.approvals.get(run, ()),
        replaced=now.champion,
        standing=without(now, run).model_copy(update={"champion": live}),
    )


def rollback(state, *, to, case="flights"):
    return promote(state, to.run, case=case, act="rollback", first=to.number, was="retired")


def challenge(state, run, *, share=5, case="flights"):
    now = stands(state)
    at = number(state)
    own = Challenger(run=run, bundle=bundle(run), number=at, since=at, act="challenge", share=share)
    others = tuple(each for each in now.challengers if each.run != run)
    return draft(
        "challenge",
        run,
        case,
        changes=(change(run, role(now, run), "challenger"),),
        standing=now.model_copy(update={"challengers": (*others, own)}),
    )


def retire(state, run, *, case="flights"):
    now = stands(state)
    changes = (change(run, role(now, run), "retired"),)
    return draft("retire", run, case, changes=changes, standing=without(now, run))


def approve(state, run, *, key, case="flights", who="Ada"):
    now = stands(state)
    own = Approval(who=who, key=public_hex(key), number=number(state))
    approvals = {**now.approvals, run: (*now.approvals.get(run, ()), own)}
    return draft("approve", run, case, standing=now.model_copy(update={"approvals": approvals}))


def refuse(state, run, *, case="flights"):
    return draft("refuse", run, case, refused="promote: a gate fails", standing=stands(state))


def change(run, before, after):
    return Change(run=run, bundle=bundle(run), before=before, after=after)


def tell(ledger, key, count, *, acts=None):
    """Append `count` entries of every kind; give what stands."""
    for turn in range(count):
        state = ledger.state()
        said = next_draft(state, key=key, case=ledger.case, act=acts and acts[turn])
        ledger.append(said, after=state, key=key)
    return ledger.state()


def next_draft(state, *, key, case, act=None):
    at = number(state)
    run = f"TrainFlow/{at}"
    champion, last = stands(state).champion, state.last
    match act if act is not None else at % 6:
        case 0:
            return challenge(state, run, share=1 + at % 2, case=case)
        case 1 if len(stands(state).challengers) > 5:
            return retire(state, stands(state).challengers[0].run, case=case)
        case 2:
            return approve(state, run, key=key, case=case)
        case 3:
            return refuse(state, run, case=case)
        case 4 if champion and last and last.replaced and last.act == "promote":
            return rollback(state, to=last.replaced, case=case)
        case _:
            return promote(state, run, case=case)
