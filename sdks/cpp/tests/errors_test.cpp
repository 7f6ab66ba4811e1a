// Every failure is an exception by its status, with what is known of it; the process goes on.

#include "support.hpp"

namespace {

using namespace support;
using commy::HandlerFailed;
using commy::Json;
using commy::Mesh;
using commy::Service;
using commy::Status;

class Custom : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

Service failing() {
  Service fails;
  fails.method("custom", []() -> commy::Future<void> {
    throw Custom("it broke: ä");
    co_return;
  });
  fails.method("plain", [] { throw Custom("it broke: ä"); });
  fails.method("told", [] { throw commy::HandlerError("OUT_OF_STOCK", "2 left", {{"left", 2}, {"of", {"ä"}}}); });
  fails.method("bad_request", [] { throw commy::BadRequest("an order needs an id"); });
  fails.method("surrogate", [] { throw std::range_error("half \xed\xa0\xbd"); });
  fails.method("number", [] { throw 5; });
  fails.method("forwards", [] { throw commy::NotFound("no such order"); });
  fails.method("long", [] { throw commy::HandlerError(std::string(1000, 'C'), std::string(100'000, 'r')); });
  fails.method("fine", [] { return "fine"; });
  return fails;
}

HandlerFailed failure(const Mesh &mesh, const std::string &method) {
  auto error = caught<HandlerFailed>([&] { mesh.call("fails", method).get(); });
  EXPECT_EQ(mesh.call("fails", "fine").get(), "fine");
  return error;
}

TEST(Errors, AnUncaughtExceptionIsToldByItsClassAndMessage) {
  const auto mesh = started();
  const auto registration = mesh.register_service({.service = "fails"}, failing()).get();
  for (const auto *method : {"custom", "plain"}) {
    const auto error = failure(mesh, method);
    EXPECT_EQ(error.status(), Status::handler_failed);
    EXPECT_EQ(static_cast<int>(error.status()), 100);
    EXPECT_EQ(error.code(), "Custom");
    EXPECT_EQ(error.reason(), "it broke: ä");
    EXPECT_STREQ(error.what(), "HANDLER_FAILED: it broke: ä");
    EXPECT_EQ(error.service(), "fails");
    EXPECT_EQ(error.method(), method);
    EXPECT_EQ(error.attempts(), 1U);
    EXPECT_EQ(error.instance_id(), registration.instance().id);
    EXPECT_EQ(commy::details(error), nullptr);
  }
}

TEST(Errors, AHandlersOwnErrorBringsItsCodeAndDetails) {
  const auto mesh = started();
  mesh.register_service({.service = "fails"}, failing()).get();
  const auto error = failure(mesh, "told");
  EXPECT_EQ(error.code(), "OUT_OF_STOCK");
  EXPECT_EQ(error.reason(), "2 left");
  EXPECT_EQ(commy::details(error), (Json{{"left", 2}, {"of", {"ä"}}}));
}

TEST(Errors, AnExceptionThatIsHardToTellIsToldAllTheSame) {
  const auto mesh = started();
  mesh.register_service({.service = "fails"}, failing()).get();
  EXPECT_EQ(failure(mesh, "surrogate").reason(), "half \ufffd\ufffd\ufffd");
  EXPECT_EQ(failure(mesh, "surrogate").code(), "range_error");
  EXPECT_EQ(failure(mesh, "number").code(), "int");
  EXPECT_EQ(failure(mesh, "forwards").code(), "NotFound");
  EXPECT_EQ(failure(mesh, "forwards").reason(), "no such order");
}

TEST(Errors, AnEndlessCodeDoesNotSilenceTheFailure) {
  const auto mesh = started();
  mesh.register_service({.service = "fails"}, failing()).get();
  const auto error = caught<commy::Error>([&] { mesh.call("fails", "long").get(); });
  EXPECT_THAT(error.status(), testing::AnyOf(Status::handler_failed, Status::internal));
  EXPECT_EQ(mesh.call("fails", "fine").get(), "fine");
}

TEST(Errors, ARequestThatAHandlerCannotUnderstandIsAnInvalidArgument) {
  const auto mesh = started();
  mesh.register_service({.service = "fails"}, failing()).get();
  EXPECT_THAT(caught<commy::InvalidArgument>([&] { mesh.call("fails", "bad_request").get(); }).reason(), testing::HasSubstr("an order needs an id"));
}

TEST(Errors, ACallableMaySayThatItLacksAMethod) {
  const auto mesh = started();
  mesh.register_service({.service = "picky"}, [](const Json &, const commy::Context &context) { throw commy::UnknownMethod("picky has no " + context.method); }).get();
  EXPECT_THAT(caught<commy::Unimplemented>([&] { mesh.call("picky", "wish").get(); }).reason(), testing::HasSubstr("picky has no wish"));
}

TEST(Errors, DetailsThatJsonCannotExpressAreRefusedWhereTheyAreGiven) { EXPECT_THROW(commy::HandlerError("CODE", "reason", NAN), commy::InvalidArgument); }

template <typename Case, typename Class>
void expect_class(Status status, std::string_view name) {
  const commy::raw::ErrorInfo info{.reason = "why", .service = "s", .method = "m", .instance_id = "i", .attempts = 2, .code = "C", .details_json = "{\"a\": 1}"};
  const auto error = caught<Class>([&] { commy::detail::raise(commy::raw::CommyError(Case{info})); });
  EXPECT_EQ(error.status(), status);
  EXPECT_EQ(commy::name(status), name);
  EXPECT_EQ(error.reason(), "why");
  EXPECT_EQ(error.service(), "s");
  EXPECT_EQ(error.method(), "m");
  EXPECT_EQ(error.instance_id(), "i");
  EXPECT_EQ(error.attempts(), 2U);
  EXPECT_EQ(error.code(), "C");
  EXPECT_EQ(commy::details(error)["a"], 1);
}

TEST(Errors, EveryRawErrorBecomesItsExceptionWithAllFields) {
  using Raw = commy::raw::CommyError;
  static_assert(std::variant_size_v<Raw::Case> == 13);
  expect_class<Raw::Cancelled, commy::Cancelled>(Status::cancelled, "CANCELLED");
  expect_class<Raw::InvalidArgument, commy::InvalidArgument>(Status::invalid_argument, "INVALID_ARGUMENT");
  expect_class<Raw::DeadlineExceeded, commy::DeadlineExceeded>(Status::deadline_exceeded, "DEADLINE_EXCEEDED");
  expect_class<Raw::NotFound, commy::NotFound>(Status::not_found, "NOT_FOUND");
  expect_class<Raw::AlreadyExists, commy::AlreadyExists>(Status::already_exists, "ALREADY_EXISTS");
  expect_class<Raw::PermissionDenied, commy::PermissionDenied>(Status::permission_denied, "PERMISSION_DENIED");
  expect_class<Raw::ResourceExhausted, commy::ResourceExhausted>(Status::resource_exhausted, "RESOURCE_EXHAUSTED");
  expect_class<Raw::FailedPrecondition, commy::FailedPrecondition>(Status::failed_precondition, "FAILED_PRECONDITION");
  expect_class<Raw::Unimplemented, commy::Unimplemented>(Status::unimplemented, "UNIMPLEMENTED");
  expect_class<Raw::Internal, commy::Internal>(Status::internal, "INTERNAL");
  expect_class<Raw::Unavailable, commy::Unavailable>(Status::unavailable, "UNAVAILABLE");
  expect_class<Raw::Unauthenticated, commy::Unauthenticated>(Status::unauthenticated, "UNAUTHENTICATED");
  expect_class<Raw::HandlerFailed, HandlerFailed>(Status::handler_failed, "HANDLER_FAILED");
}

TEST(Errors, DetailsOfAnotherLanguageThatAreNotJsonAreHandedOverAsText) {
  const HandlerFailed error(commy::ErrorInfo{.reason = "why", .service = {}, .method = {}, .instance_id = {}, .attempts = 1, .code = {}, .details_json = "{broken"});
  EXPECT_EQ(commy::details(error), "{broken");
}

TEST(Errors, ADefectOfTheLibraryIsInternal) {
  EXPECT_THROW(commy::detail::lifting([] { throw uniffi::InternalError("a panic"); }), commy::Internal);
}

TEST(Errors, ByChoiceTheyAreValues) {
  const auto mesh = started();
  mesh.register_service({.service = "fails"}, failing()).get();
  const auto fine = commy::attempt(mesh.call("fails", "fine")).get();
  ASSERT_TRUE(fine);
  EXPECT_EQ(*fine, "fine");
  const auto failed = commy::attempt(mesh.call("fails", "told")).get();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().status(), Status::handler_failed);
  EXPECT_EQ(failed.error().code(), "OUT_OF_STOCK");
  EXPECT_EQ(commy::details(failed.error())["left"], 2);
  EXPECT_FALSE(commy::attempt([&] { return mesh.discover({.service = ""}); }));
  EXPECT_TRUE(commy::attempt([&] { mesh.stats(); }));
}

} // namespace
