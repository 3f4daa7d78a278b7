"""The git module, through the blocking SDK; without a network."""
from e2b import CommandExitException, GitUpstreamException, Sandbox

from harness import Topic, equal, raises

topic = Topic(__name__, Sandbox)
scenario = topic.scenario

AUTHOR = {"author_name": "A", "author_email": "a@example.org"}


@scenario("a-working-day")
def working_day(t):
    sandbox = t.shared()
    git, files = sandbox.git, sandbox.files
    repo, bare, copy = "/home/user/repo", "/home/user/repo.git", "/home/user/copy"
    git.init(repo, initial_branch="main")
    files.write(f"{repo}/a", "one\n")
    equal(git.status(repo).has_untracked, True)
    git.add(repo)
    git.commit(repo, "first", **AUTHOR)
    equal(git.status(repo).is_clean, True)
    git.create_branch(repo, "topic")
    equal(sorted(git.branches(repo).branches), ["main", "topic"])
    git.checkout_branch(repo, "main")
    git.delete_branch(repo, "topic")
    git.init(bare, bare=True, initial_branch="main")
    git.remote_add(repo, "origin", bare)
    equal(git.remote_get(repo, "origin"), bare)
    git.push(repo, remote="origin", branch="main")
    git.clone(f"file://{bare}", path=copy)
    files.write(f"{copy}/b", "two\n")
    git.add(copy)
    git.commit(copy, "second", **AUTHOR)
    git.push(copy)
    git.pull(repo)
    equal(files.read(f"{repo}/b"), "two\n")
    files.write(f"{repo}/b", "changed\n")
    git.restore(repo, paths=["b"])
    git.reset(repo, mode="hard", target="HEAD~1")
    equal(files.exists(f"{repo}/b"), False)


@scenario("config")
def config(t):
    git = t.shared().git
    git.configure_user("Me", "me@example.org")
    equal(git.get_config("user.email"), "me@example.org")
    git.set_config("core.abbrev", "12")
    equal(git.get_config("core.abbrev"), "12")
    equal(git.get_config("no.such"), None)
    git.dangerously_authenticate("u", "p", host="example.org")


@scenario("errors")
def errors(t):
    git = t.shared().git
    git.init("/home/user/lonely", initial_branch="main")
    git.commit("/home/user/lonely", "empty", allow_empty=True, **AUTHOR)
    with raises(GitUpstreamException):
        git.pull("/home/user/lonely")
    with raises(CommandExitException):
        git.clone("file:///nowhere/repository")
