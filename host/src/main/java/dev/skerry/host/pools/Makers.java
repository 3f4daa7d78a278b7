package dev.skerry.host.pools;

import dev.skerry.wire.jobs.PoolPlan;

/** Has members made by who knows how: those for clients of a server, and those for jobs. */
record Makers(Maker<Member> forJobs, Maker<Member> forClients) implements Maker<Member> {
    private Maker<Member> of(PoolPlan plan) {
        return plan.shape().isPresent() ? forClients : forJobs;
    }

    @Override
    public void prepare(PoolPlan plan) {
        of(plan).prepare(plan);
    }

    @Override
    public Member make(PoolPlan plan) throws InterruptedException {
        return of(plan).make(plan);
    }

    @Override
    public boolean alive(Member member, Runnable meanwhile) throws InterruptedException {
        return of(member.plan()).alive(member, meanwhile);
    }

    @Override
    public boolean current(Member member) {
        return of(member.plan()).current(member);
    }

    @Override
    public boolean fits(Member member, Want want) {
        return of(member.plan()).fits(member, want);
    }

    @Override
    public long bytes(Member member) {
        return of(member.plan()).bytes(member);
    }

    @Override
    public void close(Member member) {
        of(member.plan()).close(member);
    }
}
