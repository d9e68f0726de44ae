"""What people might write into a ledger, one entry after another."""

from tagline.keys import public_hex
from tagline.ledger.entry import Approval, Challenger, Change, Deployed, Draft, Standing

GATES = ({"name": "log loss", "passed": True, "figure": 0.4715, "limit": None},)


def bundle(run):
    return run.encode().hex().ljust(64, "0")[:64]


def stands(head):
    return head.standing if head else Standing()


def number(head):
    return head.number + 1 if head else 1


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


def promote(head, run, *, case="flights", act="promote", first=None, was=None):
    now = stands(head)
    at = number(head)
    live = Deployed(run=run, bundle=bundle(run), number=first or at, since=at, act=act)
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


def rollback(head, *, to, case="flights"):
    return promote(head, to.run, case=case, act="rollback", first=to.number, was="retired")


def challenge(head, run, *, share=5, case="flights"):
    now = stands(head)
    at = number(head)
    own = Challenger(run=run, bundle=bundle(run), number=at, since=at, act="challenge", share=share)
    others = tuple(each for each in now.challengers if each.run != run)
    return draft(
        "challenge",
        run,
        case,
        changes=(change(run, role(now, run), "challenger"),),
        standing=now.model_copy(update={"challengers": (*others, own)}),
    )


def retire(head, run, *, case="flights"):
    now = stands(head)
    changes = (change(run, role(now, run), "retired"),)
    return draft("retire", run, case, changes=changes, standing=without(now, run))


def approve(head, run, *, key, case="flights"):
    now = stands(head)
    own = Approval(who="Ada", key=public_hex(key), number=number(head))
    approvals = {**now.approvals, run: (*now.approvals.get(run, ()), own)}
    return draft("approve", run, case, standing=now.model_copy(update={"approvals": approvals}))


def refuse(head, run, *, case="flights"):
    return draft("refuse", run, case, refused="promote: a gate fails", standing=stands(head))


def change(run, before, after):
    return Change(run=run, bundle=bundle(run), before=before, after=after)


def tell(ledger, key, count, *, after=None):
    """Append `count` entries of every kind; give the last."""
    head = after
    for _ in range(count):
        head = ledger.append(next_draft(head, key=key, case=ledger.case), after=head, key=key)
    return head


def next_draft(head, *, key, case, act=None):
    at = number(head)
    run = f"TrainFlow/{at}"
    champion = stands(head).champion
    match act if act is not None else at % 6:
        case 0:
            return challenge(head, run, share=1 + at % 2, case=case)
        case 1 if len(stands(head).challengers) > 5:
            return retire(head, stands(head).challengers[0].run, case=case)
        case 2:
            return approve(head, run, key=key, case=case)
        case 3:
            return refuse(head, run, case=case)
        case 4 if champion and head.replaced and head.act == "promote":
            return rollback(head, to=head.replaced, case=case)
        case _:
            return promote(head, run, case=case)
